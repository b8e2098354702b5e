// EventBus: what happened, for whoever wants to know (Boost.Signals2 behind a seam).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace pacs::integration {

/// An instance became durable and indexed for the first time (or was replaced).
struct InstanceStored {
  std::string study_instance_uid, series_instance_uid, sop_instance_uid, sop_class_uid;
  std::string source_ae, trace_id;
  std::uint64_t bytes = 0;
  bool replaced = false;
};

/// Keeps a subscription alive; dropping it ends it.
using Subscription = std::shared_ptr<void>;

/// Thread-safe. Subscribers run on the publisher's thread, must be quick and must not throw (a
/// throw is our own bug and ends the process).
class EventBus {
 public:
  EventBus();
  ~EventBus();
  EventBus(const EventBus&) = delete;
  EventBus& operator=(const EventBus&) = delete;
  [[nodiscard]] Subscription on_instance_stored(
      const std::function<void(const InstanceStored&)>& subscriber);
  void publish(const InstanceStored& event) noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace pacs::integration
