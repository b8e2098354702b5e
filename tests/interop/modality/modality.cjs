// A modality's day, driven by dcmjs-dimse: asks for its worklist, and for each item reports the step in
// progress, stores its images, reports the step completed or discontinued, asks for storage commitment and
// waits for the report. A server that goes away is asked again, as a modality in a department does.
//
//   node modality.cjs '{"port": 11112, "aet": "CT1", "aec": "PACS", "listen": 11190, "images": 3, "associations": 2}'
//
// Prints one JSON line for each thing done ({"did": "stored", ...}) and a last one {"did": "day", ...}. Then it
// ends, or with "stays": true goes on to take reports until SIGTERM: one whose answer was lost comes again.
const { Client, Dataset, Scp, Server, constants, requests, responses, log } = require('dcmjs-dimse');
const { CFindRequest, CStoreRequest, NActionRequest, NCreateRequest, NSetRequest } = requests;
const { NEventReportResponse } = responses;
const { PresentationContextResult, SopClass, Status, StorageClass, TransferSyntax } = constants;

log.setLevel('silent');
const options = { host: '127.0.0.1', images: 3, discontinue: 'DISCONTINUE', wait: 250, ...JSON.parse(process.argv[2]) };
const kMpps = '1.2.840.10008.3.1.2.3.3';
const kCommitment = '1.2.840.10008.1.20.1';
const kCommitmentInstance = '1.2.840.10008.1.20.1.1';
const kPatience = 600; // attempts

const say = (did, what) => console.log(JSON.stringify({ did, ...what }));
const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
let open = 0; // associations of either side
const one = (value) => (Array.isArray(value) ? value[0] : value);

let uids = 0;
const newUid = () => `2.25.${BigInt(process.pid) * 10000000000000n + BigInt(Date.now())}${++uids}`;

// ---- what comes to us: reports of storage commitment, on either side's association

const reports = new Map(); // transaction UID -> [report]
const waiting = new Map(); // transaction UID -> resolve

function reported(request) {
  const elements = request.getDataset().getElements();
  const list = (sequence) => [sequence ?? []].flat().map((item) => item.ReferencedSOPInstanceUID);
  const report = {
    transaction: elements.TransactionUID,
    event: request.getEventTypeId(),
    committed: list(elements.ReferencedSOPSequence),
    failed: list(elements.FailedSOPSequence),
  };
  reports.set(report.transaction, [...(reports.get(report.transaction) ?? []), report]);
  say('reported', report);
  waiting.get(report.transaction)?.();
  const response = NEventReportResponse.fromRequest(request);
  response.setStatus(Status.Success);
  return response;
}

class Listener extends Scp {
  constructor(socket, settings) {
    super(socket, settings);
    ++open;
    this.on('close', () => --open);
  }
  associationRequested(association) {
    for (const { id } of association.getPresentationContexts()) {
      const context = association.getPresentationContext(id);
      const wanted = [SopClass.Verification, kCommitment].includes(context.getAbstractSyntaxUid());
      context.setResult(wanted ? PresentationContextResult.Accept
        : PresentationContextResult.RejectAbstractSyntaxNotSupported, TransferSyntax.ImplicitVRLittleEndian);
    }
    this.sendAssociationAccept();
  }
  nEventReportRequest(request, callback) { callback(reported(request)); }
  associationReleaseRequested() { this.sendAssociationReleaseResponse(); }
}

// ---- what we ask

/** Sends requests on one association; the final response of each, or an error. */
function ask(list, lingers) {
  return new Promise((resolve, reject) => {
    const client = new Client();
    const answers = list.map(() => ({ pending: [] }));
    let answered = 0;
    list.forEach((request, i) => {
      request.on('response', (response) => {
        if (response.getStatus() === Status.Pending) {
          answers[i].pending.push(response.getDataset().getElements());
          return;
        }
        answers[i].status = response.getStatus();
        answers[i].comment = response.getErrorComment?.();
        if (++answered === list.length) resolve(answers);
      });
      client.addRequest(request);
    });
    client.on('nEventReportRequest', (request, callback) => callback(reported(request)));
    const broken = (why) => reject(new Error(why));
    client.on('networkError', (error) => broken(error.message));
    client.on('associationRejected', () => broken('rejected'));
    client.on('abort', () => broken('aborted'));
    ++open;
    client.on('closed', () => {
      --open;
      broken('closed');
    });
    client.send(options.host, options.port, options.aet, options.aec,
      { connectTimeout: 5000, associationTimeout: 5000, pduTimeout: 20000, associationLingerTimeout: lingers ?? 0 });
  });
}

/** The same until it is answered: the server may be away for a while. */
async function insist(make, lingers) {
  for (let attempt = 0; ; ++attempt) {
    try {
      return { attempt, answers: await ask(make(), lingers) };
    } catch (error) {
      if (attempt >= kPatience) throw error;
      say('again', { why: error.message });
      await sleep(options.wait);
    }
  }
}

function expect(what, answers, allowed) {
  for (const answer of answers) {
    if (!allowed.includes(answer.status)) {
      throw new Error(`${what}: status ${answer.status?.toString(16)} ${answer.comment ?? ''}`);
    }
  }
}

async function worklist() {
  const { answers } = await insist(() => [CFindRequest.createWorklistFindRequest({
    SpecificCharacterSet: 'ISO_IR 192', PatientName: '', PatientID: '', PatientBirthDate: '', PatientSex: '',
    AccessionNumber: '', StudyInstanceUID: '', RequestedProcedureID: '', RequestedProcedureDescription: '',
    ScheduledProcedureStepSequence: [{
      ScheduledStationAETitle: options.aet, ScheduledProcedureStepStartDate: options.date ?? '', Modality: '',
      ScheduledProcedureStepStartTime: '', ScheduledProcedureStepID: '', ScheduledProcedureStepDescription: '',
    }],
  })]);
  expect('worklist', answers, [Status.Success]);
  return answers[0].pending;
}

function stepOf(item, step) {
  return {
    SpecificCharacterSet: 'ISO_IR 192',
    PerformedProcedureStepStartDate: '20261127', PerformedProcedureStepStartTime: '080000',
    PerformedProcedureStepEndDate: '', PerformedProcedureStepEndTime: '',
    PerformedProcedureStepStatus: 'IN PROGRESS', PerformedProcedureStepID: one(step.ScheduledProcedureStepID),
    PerformedProcedureStepDescription: '', PerformedProcedureTypeDescription: '', ProcedureCodeSequence: [],
    PerformedStationAETitle: options.aet, PerformedStationName: '', PerformedLocation: '',
    PatientName: item.PatientName, PatientID: item.PatientID, PatientBirthDate: item.PatientBirthDate ?? '',
    PatientSex: item.PatientSex ?? '', ReferencedPatientSequence: [],
    Modality: step.Modality, StudyID: '', PerformedProtocolCodeSequence: [], PerformedSeriesSequence: [],
    ScheduledStepAttributesSequence: [{
      StudyInstanceUID: item.StudyInstanceUID, ReferencedStudySequence: [], AccessionNumber: item.AccessionNumber,
      RequestedProcedureID: item.RequestedProcedureID ?? '',
      RequestedProcedureDescription: item.RequestedProcedureDescription ?? '',
      ScheduledProcedureStepID: step.ScheduledProcedureStepID,
      ScheduledProcedureStepDescription: step.ScheduledProcedureStepDescription ?? '',
      ScheduledProtocolCodeSequence: [],
    }],
  };
}

function imagesOf(item, step, series) {
  return Array.from({ length: options.images }, (_, i) => new Dataset({
    _vrMap: { PixelData: 'OW' },
    SpecificCharacterSet: 'ISO_IR 192',
    SOPClassUID: StorageClass.CtImageStorage, SOPInstanceUID: newUid(),
    StudyInstanceUID: item.StudyInstanceUID, SeriesInstanceUID: series,
    PatientName: item.PatientName, PatientID: item.PatientID, PatientBirthDate: item.PatientBirthDate ?? '',
    PatientSex: item.PatientSex ?? '', AccessionNumber: item.AccessionNumber, Modality: step.Modality,
    StudyDate: '20261127', StudyTime: '080000', StudyID: '', SeriesNumber: '1', InstanceNumber: String(i + 1),
    RequestAttributesSequence: [{ ScheduledProcedureStepID: step.ScheduledProcedureStepID,
      RequestedProcedureID: item.RequestedProcedureID ?? '' }],
    SamplesPerPixel: 1, PhotometricInterpretation: 'MONOCHROME2', Rows: 16, Columns: 16, BitsAllocated: 16,
    BitsStored: 12, HighBit: 11, PixelRepresentation: 0, PixelData: [new Uint8Array(512).fill(i + 1).buffer],
  }, TransferSyntax.ExplicitVRLittleEndian));
}

const withDataset = (request, elements) => {
  request.setDataset(new Dataset(elements, TransferSyntax.ImplicitVRLittleEndian));
  return request;
};

async function perform(item) {
  const step = one(item.ScheduledProcedureStepSequence);
  const stepUid = newUid();
  const series = newUid();
  const created = stepOf(item, step);
  const { attempt, answers } = await insist(
    () => [withDataset(new NCreateRequest(kMpps, stepUid), created)]);
  // Asked again after an answer was lost, it is there already.
  expect('N-CREATE', answers, attempt === 0 ? [Status.Success] : [Status.Success, 0x0111]);

  const discontinues = one(step.ScheduledProcedureStepDescription) === options.discontinue;
  const images = discontinues ? [] : imagesOf(item, step, series);
  const instances = images.map((image) => image.getElements().SOPInstanceUID);
  if (images.length !== 0) {
    const stored = await insist(() => images.map((image) => new CStoreRequest(image)));
    expect('C-STORE', stored.answers, [Status.Success]);
  }
  const ended = {
    PerformedProcedureStepStatus: discontinues ? 'DISCONTINUED' : 'COMPLETED',
    PerformedProcedureStepEndDate: '20261127', PerformedProcedureStepEndTime: '081500',
    // PS3.4 Table F.7.2-1: never empty at the end; a series without images when none was made.
    PerformedSeriesSequence: [{
      PerformingPhysicianName: '', ProtocolName: 'ROUTINE', OperatorsName: '', SeriesInstanceUID: series,
      SeriesDescription: '', RetrieveAETitle: '', ReferencedNonImageCompositeSOPInstanceSequence: [],
      ReferencedImageSequence: instances.map((uid) => (
        { ReferencedSOPClassUID: StorageClass.CtImageStorage, ReferencedSOPInstanceUID: uid })),
    }],
  };
  const set = await insist(() => [withDataset(new NSetRequest(kMpps, stepUid), ended)]);
  expect('N-SET', set.answers, set.attempt === 0 ? [Status.Success] : [Status.Success, 0x0110]);
  say('performed', { step: stepUid, status: ended.PerformedProcedureStepStatus, study: item.StudyInstanceUID,
    sps: one(step.ScheduledProcedureStepID), series, instances });
  if (instances.length !== 0) await commit(instances);
}

async function commit(instances) {
  const transaction = newUid();
  const told = new Promise((resolve) => waiting.set(transaction, resolve));
  // Every other one stays on the association for a moment: its report may come there.
  const lingers = instances.length % 2 === uids % 2 ? 1500 : 0;
  const asked = await insist(() => [withDataset(new NActionRequest(kCommitment, kCommitmentInstance, 1), {
    TransactionUID: transaction,
    ReferencedSOPSequence: instances.map((uid) => (
      { ReferencedSOPClassUID: StorageClass.CtImageStorage, ReferencedSOPInstanceUID: uid })),
  })], lingers);
  expect('N-ACTION', asked.answers, [Status.Success]);
  say('asked', { transaction, instances });
  await told;
}

async function day() {
  const server = new Server(Listener);
  server.on('networkError', (error) => say('listener', { why: error.message }));
  server.listen(options.listen);
  const items = await worklist();
  say('worklist', { items: items.length });
  const left = [...items];
  await Promise.all(Array.from({ length: options.associations ?? 1 }, async () => {
    for (let item = left.shift(); item; item = left.shift()) await perform(item);
  }));
  say('day', { items: items.length, reports: [...reports.values()].map((list) => list.length) });
  if (options.stays) return;
  // The answer to the last report is on its way.
  for (let attempt = 0; open > 0 && attempt < kPatience; ++attempt) await sleep(50);
  process.exit(0);
}

process.on('SIGTERM', () => process.exit(0));
day().catch((error) => {
  say('failed', { why: error.stack });
  process.exit(1);
});
