// Applies the rules of a request to one DICOM file after the other.
#pragma once

#include <hilum/dicom/charset.h>
#include <hilum/dicom/edited_file.h>

#include <string>

#include "identifiers.h"
#include "rules.h"

class DcmElement;
class DcmItem;
class DcmSequenceOfItems;

namespace hilum::modification {

// Owned by one job or request; one thread. The rules must outlive it.
class Modifier {
 public:
  // `patient_name`: what an anonymized patient is called, if rules.needs_name().
  Modifier(const Rules& rules, std::string seed, std::string patient_name, dicom::Encoding default_encoding)
      : rules_(rules),
        identifiers_(std::move(seed)),
        patient_name_(std::move(patient_name)),
        default_encoding_(default_encoding) {}

  // Changes the tags of the file. Throws Error for values that do not fit into this one.
  void apply(dicom::EditedFile& file);

 private:
  // What the walk through an item needs to know of where it is.
  struct Place {
    std::vector<const dicom::TagPath*> kept_paths;  // those that lead here
    std::vector<dicom::Tag> sequences;              // around the item
    dicom::Charset charset;

    bool is_top() const { return sequences.empty(); }
  };

  void choose_charset(DcmDataset& data_set) const;
  void remove_private(DcmDataset& data_set) const;
  void remove_and_replace(dicom::EditedFile& file, const dicom::Charset& charset) const;
  void replace_pixel_data(dicom::EditedFile& file, const dicom::Charset& charset) const;
  void renew_identifiers(DcmDataset& data_set, const dicom::Charset& charset);
  void change_paths(DcmDataset& data_set, const dicom::Charset& charset) const;

  // anonymize.cpp
  void anonymize(DcmDataset& data_set, const dicom::Charset& charset);
  void clean_item(DcmItem& item, const Place& place);
  void clean_element(DcmItem& item, DcmElement& element, const Place& place);
  void clean_sequence(DcmSequenceOfItems& sequence, dicom::Tag tag, const Place& place);
  bool clean_identity(DcmItem& item, DcmElement& element, const Place& place);
  void clean_name(DcmItem& item, const Place& place) const;
  void map_uids(DcmItem& item, DcmElement& element, const Place& place);
  bool is_kept(DcmItem& item, dicom::Tag tag, const Place& place) const;
  void write_deidentification(DcmDataset& data_set) const;

  const Rules& rules_;
  Identifiers identifiers_;
  std::string patient_name_;
  dicom::Encoding default_encoding_;
  // Of the file that is being worked on.
  std::string old_patient_, old_study_, old_series_, old_instance_;
};

}  // namespace hilum::modification
