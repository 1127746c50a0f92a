#include <hilum/index.h>
#include <hilum/rest/metadata_names.h>

namespace hilum::rest {

MetadataNames::MetadataNames(std::string_view user_metadata)
    : names_("metadata", "UserMetadata",
             {
                 {"IndexInSeries", HILUM_METADATA_INDEX_IN_SERIES},
                 {"ReceptionDate", HILUM_METADATA_RECEPTION_DATE},
                 {"RemoteAET", HILUM_METADATA_REMOTE_AET},
                 {"ExpectedNumberOfInstances", HILUM_METADATA_EXPECTED_INSTANCES},
                 {"ModifiedFrom", HILUM_METADATA_MODIFIED_FROM},
                 {"AnonymizedFrom", HILUM_METADATA_ANONYMIZED_FROM},
                 {"LastUpdate", HILUM_METADATA_LAST_UPDATE},
                 {"Origin", HILUM_METADATA_ORIGIN},
                 {"TransferSyntax", HILUM_METADATA_TRANSFER_SYNTAX},
                 {"SopClassUid", HILUM_METADATA_SOP_CLASS},
                 {"RemoteIP", HILUM_METADATA_REMOTE_IP},
                 {"CalledAET", HILUM_METADATA_CALLED_AET},
                 {"HttpUsername", HILUM_METADATA_HTTP_USERNAME},
                 {"PixelDataOffset", HILUM_METADATA_PIXEL_DATA_OFFSET},
                 {"MainDicomTagsSignature", HILUM_METADATA_MAIN_TAGS_SIGNATURE},
                 {"MainDicomSequences", HILUM_METADATA_MAIN_SEQUENCES},
                 {"PixelDataVR", HILUM_METADATA_PIXEL_DATA_VR},
             },
             user_metadata) {}

}  // namespace hilum::rest
