#include "services/retrieve/get_scu.h"

#include <array>
#include <utility>

#include "core/uids.h"
#include "encoding/transfer_syntax.h"
#include "services/dispatch/scu.h"

namespace pacs::services {

namespace {

using network::Command;

/// Of most images first: those get the compressed contexts.
constexpr std::array kUsualClasses{
    uids::CTImageStorage,
    uids::MRImageStorage,
    uids::ComputedRadiographyImageStorage,
    uids::DigitalXRayImageStorageForPresentation,
    uids::DigitalMammographyXRayImageStorageForPresentation,
    uids::UltrasoundImageStorage,
    uids::UltrasoundMultiFrameImageStorage,
    uids::SecondaryCaptureImageStorage,
    uids::XRayAngiographicImageStorage,
    uids::XRayRadiofluoroscopicImageStorage,
    uids::EnhancedCTImageStorage,
    uids::EnhancedMRImageStorage,
    uids::NuclearMedicineImageStorage,
    uids::PositronEmissionTomographyImageStorage,
    uids::BreastTomosynthesisImageStorage,
    uids::DigitalXRayImageStorageForProcessing,
    uids::DigitalMammographyXRayImageStorageForProcessing,
    uids::DigitalIntraOralXRayImageStorageForPresentation,
    uids::EnhancedXAImageStorage,
    uids::EnhancedXRFImageStorage,
    uids::EnhancedPETImageStorage,
    uids::EnhancedUSVolumeStorage,
    uids::EnhancedMRColorImageStorage,
    uids::MRSpectroscopyStorage,
    uids::XRay3DAngiographicImageStorage,
    uids::MultiFrameGrayscaleByteSecondaryCaptureImageStorage,
    uids::MultiFrameGrayscaleWordSecondaryCaptureImageStorage,
    uids::MultiFrameTrueColorSecondaryCaptureImageStorage,
    uids::MultiFrameSingleBitSecondaryCaptureImageStorage,
    uids::VLEndoscopicImageStorage,
    uids::VLMicroscopicImageStorage,
    uids::VLPhotographicImageStorage,
    uids::VideoEndoscopicImageStorage,
    uids::VideoPhotographicImageStorage,
    uids::VLWholeSlideMicroscopyImageStorage,
    uids::OphthalmicPhotography8BitImageStorage,
    uids::OphthalmicTomographyImageStorage,
    uids::GrayscaleSoftcopyPresentationStateStorage,
    uids::ColorSoftcopyPresentationStateStorage,
    uids::BasicTextSRStorage,
    uids::EnhancedSRStorage,
    uids::ComprehensiveSRStorage,
    uids::KeyObjectSelectionDocumentStorage,
    uids::XRayRadiationDoseSRStorage,
    uids::EncapsulatedPDFStorage,
    uids::SegmentationStorage,
    uids::SpatialRegistrationStorage,
    uids::RawDataStorage,
    uids::RTImageStorage,
    uids::RTDoseStorage,
    uids::RTStructureSetStorage,
    uids::RTPlanStorage,
    uids::TwelveLeadECGWaveformStorage,
    uids::GeneralECGWaveformStorage,
    uids::HemodynamicWaveformStorage,
};
constexpr std::size_t kCompressedClasses = 12;

constexpr std::array kUncompressed{uids::ExplicitVRLittleEndian, uids::ImplicitVRLittleEndian};
constexpr std::array kUsualCompressed{uids::JPEGBaseline8Bit, uids::JPEGLosslessSV1,
                                      uids::JPEGLSLossless,   uids::JPEG2000Lossless,
                                      uids::JPEG2000,         uids::RLELossless};
static_assert(kUsualClasses.size() + kCompressedClasses * kUsualCompressed.size() <
              network::kPresentationContextsMax);

/// Takes one C-STORE and answers it. False when nothing more is wanted.
Task<Result<bool>> take_object(network::Association& association, network::Message message,
                               const GetHooks& hooks) {
  const Command& request = message.command;
  const auto* context = association.negotiated().accepted(message.context_id);
  const IncomingObject object{.sop_class_uid = request.sop_class_uid,
                              .sop_instance_uid = request.sop_instance_uid,
                              .transfer_syntax_uid = context->transfer_syntax,
                              .source_ae = association.negotiated().request.called_ae};
  std::uint64_t bytes = 0;
  Result<> outcome;
  Result<std::unique_ptr<ObjectSink>> sink = hooks.open(object);
  if (!sink) outcome = fail(std::move(sink.error()));
  for (bool last = !request.has_data_set; !last;) {  // to its end also when it is not wanted
    PACS_CO_TRY(const network::DataPiece piece, co_await association.read_data_set());
    bytes += piece.bytes.size();
    last = piece.last;
    if (outcome) outcome = (*sink)->append(piece.bytes);
  }
  if (outcome && bytes == 0) outcome = fail(ErrorKind::Malformed, "C-STORE-RQ without a data set");
  if (outcome) {
    Result<> committed = co_await (*sink)->commit();
    outcome = std::move(committed);
  }
  const bool go_on = !hooks.on_object || hooks.on_object(object, bytes, outcome);
  Command response =
      outcome ? network::response_to(request) : network::failure_response(request, outcome.error());
  PACS_CO_TRY(co_await association.send(message.context_id, std::move(response)));
  co_return go_on;
}

}  // namespace

std::vector<network::PresentationContextProposal> receiving_contexts(
    std::span<const std::string> sop_class_uids,
    std::span<const std::string> transfer_syntax_uids) {
  std::vector<std::string> uncompressed, compressed;
  for (const std::string& uid : transfer_syntax_uids) {
    const TransferSyntax* syntax = find_transfer_syntax(uid);
    const bool is_plain = syntax != nullptr && !syntax->encapsulated && !syntax->deflated;
    (is_plain ? uncompressed : compressed).push_back(uid);
  }
  std::vector<network::PresentationContextProposal> contexts;
  for (const std::string& sop_class_uid : sop_class_uids) {
    if (!uncompressed.empty()) contexts.push_back(proposal(sop_class_uid, uncompressed));
    for (const std::string& uid : compressed) contexts.push_back(proposal(sop_class_uid, {uid}));
  }
  return contexts;
}

std::vector<network::PresentationContextProposal> usual_receiving_contexts() {
  std::vector<network::PresentationContextProposal> contexts;
  for (std::size_t i = 0; i < kUsualClasses.size(); ++i) {
    const std::array sop_class{std::string{kUsualClasses[i]}};
    std::vector<std::string> syntaxes{kUncompressed.begin(), kUncompressed.end()};
    if (i < kCompressedClasses) {
      syntaxes.insert(syntaxes.end(), kUsualCompressed.begin(), kUsualCompressed.end());
    }
    for (auto& context : receiving_contexts(sop_class, syntaxes)) {
      contexts.push_back(std::move(context));
    }
  }
  return contexts;
}

void propose_to_receive(network::AssociateRq& request,
                        std::span<const network::PresentationContextProposal> contexts) {
  std::vector<network::RoleSelection>& roles = request.user.roles;
  for (const network::PresentationContextProposal& context : contexts) {
    request.contexts.push_back(context);
    if (roles.empty() || roles.back().sop_class_uid != context.abstract_syntax) {
      roles.push_back({context.abstract_syntax, false, true});
    }
  }
}

Task<Result<RetrieveResult>> get(network::Association& association,
                                 const network::PresentationContext& context,
                                 RetrieveRequest request, GetHooks hooks) {
  OnProgress on_progress = std::move(hooks.on_progress);
  OnStore on_store = [&association, hooks = std::move(hooks)](network::Message message) {
    return take_object(association, std::move(message), hooks);
  };
  return retrieve(association, context, network::CommandField::CGetRq, std::move(request),
                  std::move(on_progress), std::move(on_store));
}

}  // namespace pacs::services
