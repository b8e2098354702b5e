// Reads a DICOM file and prints its transfer syntax, patient, modality and image size.
//
//   build/examples/read_header image.dcm

#include <cstdio>

#include <fmt/format.h>

#include "core/dicom_tags.h"
#include "encoding/character_sets/character_set.h"
#include "encoding/data_sets/dicom_file.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "usage: read_header FILE\n");
    return 2;
  }
  const pacs::ReadOptions header_only{.limits = {}, .stop_before = pacs::kPixelData};
  const pacs::Result<pacs::DicomFile> file = pacs::read_file(argv[1], header_only);
  if (!file) {
    fmt::print(stderr, "{}\n", file.error().to_string());
    return 1;
  }
  const pacs::DataSet& header = file->data_set;
  const auto text = pacs::CharacterSet::of(header);
  fmt::print("transfer syntax  {}\n", file->header.syntax->name);
  fmt::print("patient          {}\n",
             text.to_utf8(header.text(pacs::tags::PatientName), pacs::VR::PN));
  fmt::print("modality         {}\n", header.text(pacs::tags::Modality));
  const auto rows = header.integer(pacs::tags::Rows);
  const auto columns = header.integer(pacs::tags::Columns);
  if (rows && columns) {
    fmt::print("pixels           {} x {}\n", *columns, *rows);
  }
  return 0;
}
