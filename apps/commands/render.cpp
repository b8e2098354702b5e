// pacs render: a frame of a DICOM file as a picture that any program shows.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>

#include "apps/commands/commands.h"
#include "core/letter_case.h"
#include "core/text.h"
#include "encoding/data_sets/dicom_file.h"
#include "encoding/data_sets/file_reader.h"
#include "encoding/pixels/stored_image.h"
#include "encoding/rendering/jpeg_image.h"
#include "encoding/rendering/png.h"

namespace pacs::apps {
namespace {

struct RenderCommand {
  std::string file, output;
  std::uint32_t frame = 1;
  std::string window, size;
  unsigned view = 1;
  bool deep = false, plain = false, inverse = false;
  int quality = 90;
};

/// Two numbers with a mark between them: "40/400", "512x512".
template <typename Number>
std::optional<std::pair<Number, Number>> pair_of(std::string_view text, char mark) {
  const auto number = [](std::string_view part) -> std::optional<Number> {
    Number value{};
    const auto [end, code] = std::from_chars(part.data(), part.data() + part.size(), value);
    const bool whole = code == std::errc{} && end == part.data() + part.size();
    return whole && !part.empty() ? std::optional{value} : std::nullopt;
  };
  const std::size_t at = text.find(mark);
  if (at == text.npos) return std::nullopt;
  const auto first = number(text.substr(0, at)), second = number(text.substr(at + 1));
  return first && second ? std::optional{std::pair{*first, *second}} : std::nullopt;
}

/// By the end of a file's name, in any case; "-" is standard output, and a PNG.
Result<bool> is_jpeg(const std::string& output) {
  const std::string end = upper_case(std::filesystem::path{output}.extension().string());
  if (end == ".JPG" || end == ".JPEG") return true;
  if (end == ".PNG" || output == "-") return false;
  return fail(ErrorKind::InvalidArgument,
              fmt::format("--output {}: a picture is a .png, .jpg or .jpeg file, or - for a PNG on "
                          "standard output",
                          printable(output)));
}

Result<RenderOptions> render_options(const RenderCommand& command) {
  RenderOptions options;
  options.view = command.view - 1;
  options.bits = command.deep ? 16 : 8;
  options.overlays = !command.plain;
  options.inverse = command.inverse;
  if (!command.window.empty()) {
    const auto window = pair_of<double>(command.window, '/');
    if (!window) return fail(ErrorKind::InvalidArgument, "--window is CENTER/WIDTH, 40/400 say");
    options.window = Window{window->first, window->second};
  }
  if (!command.size.empty()) {
    const auto size = pair_of<std::uint32_t>(command.size, 'x');
    if (!size || size->first == 0 || size->second == 0) {
      return fail(ErrorKind::InvalidArgument, "--size is WIDTHxHEIGHT, 512x512 say");
    }
    options.width_max = size->first;
    options.height_max = size->second;
  }
  return options;
}

Result<Header> header_of(const FileHeader& file, ByteView data_set) {
  HeaderReader reader{*file.syntax, limits_of_stored()};
  PACS_TRY(reader.feed(data_set));
  return reader.finish();
}

Result<Image> render(const RenderCommand& command, const RenderOptions& options,
                     Departures& departures) {
  PACS_TRY(SharedBytes content, map_file(command.file));
  PACS_TRY(const FileHeader file, read_file_header(content));
  content.view = content.view.subspan(file.data_set_offset);
  PACS_TRY(const Header header, header_of(file, content.view));
  const std::uint64_t bytes = content.view.size();
  ReadStored stored = stored_in(std::move(content));
  if (file.syntax->deflated)
    stored = read_inflated(std::move(stored), bytes, limits_of_stored(), header.inflate_points);
  PACS_TRY(const StoredImage image, StoredImage::open(header, *file.syntax, std::move(stored)));
  return image.render(header.data_set, command.frame - 1, options, &departures);
}

Result<> write_picture(const RenderCommand& command, const Image& image) {
  PACS_TRY(const bool jpeg, is_jpeg(command.output));
  PACS_TRY(const Bytes bytes, jpeg ? write_jpeg(image, command.quality) : write_png(image));
  if (command.output == "-") {
    const bool is_written = std::fwrite(bytes.data(), 1, bytes.size(), stdout) == bytes.size() &&
                            std::fflush(stdout) == 0;
    if (is_written) return {};
    return fail(ErrorKind::Io, "the picture cannot be written to standard output");
  }
  std::ofstream file(command.output, std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
  file.close();
  if (file) return {};
  return fail(Error{ErrorKind::Io, "the picture cannot be written"}.in(command.output));
}

int run_render(const RenderCommand& command) {
  const auto options =
      is_jpeg(command.output).and_then([&](bool) { return render_options(command); });
  if (!options) {
    fmt::print(stderr, "pacs render: {}\n", options.error().message);
    return 2;
  }
  Departures departures;
  const Result<Image> image = render(command, *options, departures);
  Result<> written = image ? write_picture(command, *image)
                           : Result<>{fail(Error{image.error()}.in(command.file))};
  if (!departures.empty()) {
    fmt::print(stderr, "warning: {}: its pixel data departs from the standard: {}\n", command.file,
               departures.to_string());
  }
  if (written) return 0;
  fmt::print(stderr, "pacs render: {}\n", written.error().to_string());
  return written.error().kind == ErrorKind::InvalidArgument ? 2 : 1;
}

}  // namespace

void add_render(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("render", "Make a picture of a frame");
  command->footer(
      "Examples:\n"
      "  pacs render image.dcm -o image.png\n"
      "  pacs render --frame 12 --window 40/400 ct.dcm -o liver.png\n"
      "  pacs render --size 256x256 --quality 80 image.dcm -o icon.jpg\n"
      "Without --window the first window or VOI LUT of the file counts; where it has none, the\n"
      "frame's lowest value is black and its highest white.\n"
      "Exit code: 0 written, 1 the file cannot be rendered or written, 2 wrong usage.");
  auto options = std::make_shared<RenderCommand>();
  command->add_option("FILE", options->file, "a DICOM file")->required();
  command
      ->add_option("-o,--output", options->output,
                   "a .png, .jpg or .jpeg file, or -: PNG on standard output")
      ->required();
  command->add_option("-f,--frame", options->frame, "counted from 1")
      ->check(CLI::Range(1U, UINT32_MAX))
      ->type_name("N");
  command->add_option("-w,--window", options->window, "values shown")->type_name("CENTER/WIDTH");
  command->add_option("--view", options->view, "which VOI LUT or window of the file, from 1")
      ->check(CLI::Range(1U, UINT32_MAX))
      ->type_name("N");
  command->add_option("--size", options->size, "fit into this")->type_name("WIDTHxHEIGHT");
  command->add_option("--quality", options->quality, "of a JPEG")
      ->check(CLI::Range(1, 100))
      ->type_name("1-100");
  command->add_flag("--16-bit", options->deep, "16 bits a sample (PNG)");
  command->add_flag("--no-overlays", options->plain, "without overlays");
  command->add_flag("--inverse", options->inverse, "black for white");
  command->callback([options, &exit_code] { exit_code = run_render(*options); });
}

}  // namespace pacs::apps
