// Invariant: whatever a peer sends and a user does, in whichever order, the machine and the message
// assembler stay within their limits, an event without a cell in Table 9-10 changes nothing, and
// every PDU the machine wants sent can be read.
#include <algorithm>

#include "network/dimse/command.h"
#include "network/dimse/message_assembler.h"
#include "network/negotiation.h"
#include "network/pdu/machine.h"
#include "tests/fuzz/require.h"

namespace {

using namespace pacs;
using namespace pacs::network;

constexpr PduLimits kLimits{4096, 8192};
constexpr std::uint32_t kCommandBytesMax = 8192;

AcceptorPolicy policy() {
  AcceptorPolicy accept_all;
  accept_all.accept_any_called_ae_title = true;
  accept_all.choose = [](const PresentationContextProposal& context) {
    return AcceptorPolicy::Choice{context.id % 4 == 1, 0, 4};
  };
  accept_all.grant_roles = [](const RoleSelection& proposed) { return proposed; };
  accept_all.answer_extended = [](const ExtendedNegotiation& asked) { return asked.information; };
  return accept_all;
}

/// A user of the machine: answers indications as a server would.
class User {
 public:
  explicit User(Side side) : machine(side, kLimits) {}

  void carry_out(Effects effects) {
    for (Effect& effect : effects) {
      if (const auto* send = std::get_if<SendPdu>(&effect)) {
        const Bytes bytes = encode_pdu(send->pdu);
        const DecodeResult read = decode_pdu(bytes, PduLimits{1U << 20, 1U << 20});
        require(std::holds_alternative<DecodedPdu>(read));
      } else if (auto* indicated = std::get_if<AssociateIndication>(&effect)) {
        answer(indicated->request);
      } else if (const auto* data = std::get_if<DataIndication>(&effect)) {
        take(data->values);
      }
    }
  }

  UpperLayer machine;

 private:
  void answer(const AssociateRq& request) {
    static const AcceptorPolicy kPolicy = policy();
    auto decision = negotiate(request, kPolicy, {.pdu_bytes_max = 4096});
    if (const auto* rejection = std::get_if<AssociateRj>(&decision)) {
      return carry_out(machine.associate_reject(*rejection));
    }
    auto& answer = std::get<AssociateAc>(decision);
    Negotiated negotiated{.request = request};
    require(negotiated.conclude(answer).has_value());
    ContextSet accepted;
    for (const PresentationContext& context : negotiated.contexts) accepted.set(context.id);
    assembler = MessageAssembler(accepted, kCommandBytesMax);
    carry_out(machine.associate_accept(std::move(answer)));
    require(machine.state() == State::Sta6);
  }

  void take(const PdvList& values) {
    for (const Pdv pdv : values) {
      MessageAssembler::Step step = assembler.take(pdv);
      if (auto* fault = std::get_if<PduFault>(&step)) {
        carry_out(machine.invalid_data(std::move(*fault)));
        return;
      }
      if (const auto* set = std::get_if<MessageAssembler::CommandSet>(&step)) {
        require(set->bytes.size() <= kCommandBytesMax);
        const Result<Command> command = decode_command(set->bytes);
        assembler.command_was_read(command && command->has_data_set);
      }
    }
  }

  MessageAssembler assembler{ContextSet{}, kCommandBytesMax};
};

void primitive(User& user, unsigned number) {
  static constexpr Event kPrimitives[] = {
      Event::TransportConfirmed, Event::DataRequest,  Event::ReleaseRequest, Event::ReleaseResponse,
      Event::AbortRequest,       Event::ArtimExpired, Event::TransportClosed};
  UpperLayer& machine = user.machine;
  const Event event = kPrimitives[number % std::size(kPrimitives)];
  const State before = machine.state();
  const bool allowed = machine.allowed(event);
  Effects effects;
  switch (event) {
    case Event::TransportConfirmed:
      effects = machine.transport_confirmed();
      break;
    case Event::DataRequest:
      effects = machine.data_request();
      break;
    case Event::ReleaseRequest:
      effects = machine.release_request();
      break;
    case Event::ReleaseResponse:
      effects = machine.release_response();
      break;
    case Event::AbortRequest:
      effects = machine.abort_request();
      break;
    case Event::ArtimExpired:
      effects = machine.artim_expired();
      break;
    default:
      effects = machine.transport_closed();
      break;
  }
  require(allowed || (effects.empty() && machine.state() == before));
  user.carry_out(std::move(effects));
}

}  // namespace

/// First byte: the side. Then blocks: a length byte and as many bytes from the peer; length 0 is
/// followed by the number of a primitive.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size == 0) return 0;
  ByteView input = std::as_bytes(std::span{bytes, size});
  const bool acceptor = std::to_integer<unsigned>(input[0]) % 2 == 0;
  User user(acceptor ? Side::Acceptor : Side::Requestor);
  if (acceptor) {
    user.carry_out(user.machine.transport_indicated());
  } else {
    AssociateRq rq;
    rq.contexts = {{1, "1.2.840.10008.1.1", {"1.2.840.10008.1.2"}}};
    user.carry_out(user.machine.associate_request(std::move(rq)));
    user.carry_out(user.machine.transport_confirmed());
  }
  input = input.subspan(1);
  Bytes received;
  while (!input.empty()) {
    const auto length = std::to_integer<std::size_t>(input[0]);
    input = input.subspan(1);
    if (length == 0) {
      if (input.empty()) break;
      primitive(user, std::to_integer<unsigned>(input[0]));
      input = input.subspan(1);
      continue;
    }
    const std::size_t count = std::min(length, input.size());
    append(received, input.first(count));
    input = input.subspan(count);
    while (!received.empty()) {
      Fed fed = user.machine.feed(received);
      require(fed.consumed_bytes <= received.size());
      if (fed.consumed_bytes == 0) {
        require(fed.needed_bytes > received.size() && fed.needed_bytes <= kPduHeaderBytes + 8192);
        break;
      }
      user.carry_out(std::move(fed.effects));
      received.erase(received.begin(),
                     received.begin() + static_cast<std::ptrdiff_t>(fed.consumed_bytes));
    }
  }
  return 0;
}
