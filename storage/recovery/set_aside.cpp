#include "storage/recovery/set_aside.h"

namespace pacs::storage {

void set_object_aside(ObjectStore& store, const IndexedInstance& instance, const Error& why,
                      const integration::Logger& logger) {
  const std::string& key = instance.record.object_key;
  if (why.kind == ErrorKind::NotFound) {
    logger.error("", "an object that the journal names is missing: its instance is lost",
                 {{"sop_instance_uid", instance.record.sop_instance_uid},
                  {"source_ae", instance.source_ae},
                  {"object", key}});
    return;
  }
  const auto where = store.set_aside(key);
  logger.error("",
               where ? "an object has no place in the index and is set aside: it is not served"
                     : "an object has no place in the index and cannot be set aside: it stays",
               {{"sop_instance_uid", instance.record.sop_instance_uid},
                {"source_ae", instance.source_ae},
                {"file", where ? *where : key},
                {"why", why.to_string()}});
}

}  // namespace pacs::storage
