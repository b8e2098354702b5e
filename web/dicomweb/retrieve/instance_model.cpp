#include "web/dicomweb/retrieve/instance_model.h"

#include <fmt/format.h>

#include "encoding/model/dicom_json.h"
#include "encoding/model/dicom_xml.h"

namespace pacs::web {

Result<> append_model(std::string& to, const Header& header, const Address& instance,
                      std::string_view base, ModelFormat format) {
  ModelOptions options;
  options.bulk_data_uri = [&](const Element&, std::string_view path) {
    return fmt::format("{}{}/bulkdata/{}", base, instance.path(), path);
  };
  return format == ModelFormat::Json ? write_json(header.data_set, to, options)
                                     : write_xml(header.data_set, to, options);
}

}  // namespace pacs::web
