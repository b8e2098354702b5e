// EventBus over Boost.Signals2: thread-safe, subscriptions end with their handle.
#include "integration/event_bus.h"

#include <boost/signals2/connection.hpp>
#include <boost/signals2/signal.hpp>

namespace pacs::integration {

struct EventBus::Impl {
  boost::signals2::signal<void(const InstanceStored&)> instance_stored;
};

EventBus::EventBus() : impl_(std::make_unique<Impl>()) {}
EventBus::~EventBus() = default;

Subscription EventBus::on_instance_stored(
    const std::function<void(const InstanceStored&)>& subscriber) {
  return std::make_shared<boost::signals2::scoped_connection>(
      impl_->instance_stored.connect(subscriber));
}

void EventBus::publish(const InstanceStored& event) noexcept {
  impl_->instance_stored(event);
}

}  // namespace pacs::integration
