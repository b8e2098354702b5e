// Associations over real sockets, ours against ours and against DCMTK.
#include "network/association.h"

#include <fmt/format.h>

#include "test_port.h"

namespace pacs::network {
namespace {

Command echo_request(std::uint16_t message_id) {
  Command command;
  command.field = CommandField::CEchoRq;
  command.message_id = message_id;
  command.sop_class_uid = kVerification;
  return command;
}

Task<Result<Command>> echo_once(RequestOptions options) {
  auto opened = co_await request_association(std::move(options), {});
  if (!opened) co_return fail(opened.error());
  const std::shared_ptr<Association> association = *std::move(opened);
  const auto* context = association->negotiated().accepted_for(kVerification);
  if (context == nullptr) co_return fail(ErrorKind::Rejected, "no context for verification");
  const Status sent = co_await association->send(context->id, echo_request(7));
  if (!sent) co_return fail(sent.error());
  auto response = co_await association->receive();
  if (!response) co_return fail(response.error());
  if (!*response) co_return fail(ErrorKind::ConnectionClosed, "released");
  const Status released = co_await association->release();
  if (!released) co_return fail(released.error());
  co_return std::move((*response)->command);
}

TEST(Association, OurRequestorEchoesOnOurAcceptor) {
  TestPort port;
  const auto response = port.wait(echo_once(port.request_options()));
  ASSERT_TRUE(response) << response.error().to_string();
  EXPECT_EQ(response->field, CommandField::CEchoRsp);
  EXPECT_EQ(response->message_id, 7);
  EXPECT_EQ(response->status, status::kSuccess);
}

TEST(Association, DcmtkEchoesOnOurAcceptor) {
  TestPort port;
  const Ran echo =
      run(fmt::format("echoscu -v -aet DCMTK -aec TESTPORT --repeat 5 127.0.0.1 {}", port.port()));
  EXPECT_EQ(echo.exit_code, 0) << echo.output;
  EXPECT_EQ(port.seen().messages, 5U);
}

}  // namespace
}  // namespace pacs::network
