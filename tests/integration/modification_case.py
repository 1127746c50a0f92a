"""What the tests of the modification share."""

import io
import json

import pydicom
from pydicom.sequence import Sequence
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from resources_case import OPTIONS, ServerTest, make_dicom


def parse(body):
    return pydicom.dcmread(io.BytesIO(body))


def item(**tags):
    dataset = Dataset()
    for keyword, value in tags.items():
        setattr(dataset, keyword, value)
    return dataset


def slices(count, patient="PAT", study=None, series=None, **tags):
    """Files of one series that refer to each other."""
    study, series, frame = study or generate_uid(), series or generate_uid(), generate_uid()
    uids = [generate_uid() for _ in range(count)]
    return [make_dicom(patient=patient, study=study, series=series, instance=uid, InstanceNumber=number + 1, FrameOfReferenceUID=frame,
                       StudyDescription="Study", PatientBirthDate="19700101",
                       ReferencedImageSequence=Sequence([item(ReferencedSOPClassUID="1.2.840.10008.5.1.4.1.1.2",
                                                              ReferencedSOPInstanceUID=uids[number - 1], PatientName="Nested^Name")]), **tags)
            for number, uid in enumerate(uids)]


class ModificationTest(ServerTest):
    options = {**OPTIONS, "JobsHistorySize": 1000}

    def fill(self, count=3, **tags):
        """A new study; the ids of the last instance."""
        return [self.store(file) for file in slices(count, **tags)][-1]

    def files(self, path):
        instances = [one["ID"] for one in self.get(f"{path}/instances")] if not path.startswith("/instances") else [path[11:]]
        return [parse(self.server.get(f"/instances/{one}/file").body) for one in instances]

    def change(self, path, body, status=200, **more):
        return self.expect(status, "POST", path, json.dumps(body), **more)

    def everything(self):
        """All that is stored."""
        return {level: sorted(self.get(f"/{level}")) for level in ("patients", "studies", "series", "instances")}
