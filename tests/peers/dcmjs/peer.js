// dcmjs-dimse as a client or as a server, driven by run. Prints one JSON object a line.
//
//   node peer.js client PORT CALLED '{"operation": "echo" | "store" | "find" | "move" | "get", ...}'
//   node peer.js server AET '{"MOVE DESTINATION": port}' [FILE...]     answers with these files; the first line has the port
'use strict';

const dcmjs = require('dcmjs-dimse');
const { Client, Dataset, Scp, Server, log } = dcmjs;
const { CEchoRequest, CFindRequest, CGetRequest, CMoveRequest, CStoreRequest } = dcmjs.requests;
const { CEchoResponse, CFindResponse, CGetResponse, CMoveResponse, CStoreResponse } = dcmjs.responses;
const { PresentationContextResult, Status, TransferSyntax } = dcmjs.constants;

const CALLING = 'DCMJS';
const PATIENCE_MS = 60000;
if (log && log.setLevel) log.setLevel('silent');

const say = (what) => process.stdout.write(JSON.stringify(what) + '\n');
const fail = (what) => {
  say({ error: String(what) });
  process.exitCode = 1;
};

// Statuses of the responses, and what came with them, once the association has ended.
function send(port, called, requests, onStored) {
  return new Promise((resolve, reject) => {
    const result = { statuses: [], answers: [], stored: [] };
    const client = new Client();
    for (const request of requests) {
      request.on('response', (response) => {
        result.statuses.push(response.getStatus());
        if (response.hasDataset()) result.answers.push(response.getDataset().getElements());
        if (response.getCompleted) result.completed = response.getCompleted();
      });
      client.addRequest(request);
    }
    client.on('cStoreRequest', (request, callback) => {
      result.stored.push(request.getDataset().getElement('SOPInstanceUID'));
      const response = CStoreResponse.fromRequest(request);
      response.setStatus(Status.Success);
      callback(response);
    });
    client.on('networkError', reject);
    client.on('associationRejected', () => reject(new Error('rejected')));
    client.on('closed', () => resolve(result));
    client.send('127.0.0.1', port, CALLING, called, { connectTimeout: PATIENCE_MS, associationTimeout: PATIENCE_MS });
  });
}

function requestsOf(what) {
  switch (what.operation) {
    case 'echo':
      return [new CEchoRequest()];
    case 'store':
      return what.files.map((file) => new CStoreRequest(file));
    case 'find':
      return [CFindRequest.createStudyFindRequest(what.query)];
    case 'move':
      return [CMoveRequest.createStudyMoveRequest(what.destination, what.study)];
    case 'get':
      return [CGetRequest.createStudyGetRequest(what.study)];
    default:
      throw new Error(`unknown operation ${what.operation}`);
  }
}

function serve(aet, destinations, files) {
  const data = files.map((file) => Dataset.fromFile(file));

  class Peer extends Scp {
    associationRequested(association) {
      for (const { id } of association.getPresentationContexts()) {
        const context = association.getPresentationContext(id);
        const accepted = context.getTransferSyntaxUids().find((uid) =>
          [TransferSyntax.ImplicitVRLittleEndian, TransferSyntax.ExplicitVRLittleEndian].includes(uid));
        context.setResult(accepted ? PresentationContextResult.Accept
          : PresentationContextResult.RejectTransferSyntaxesNotSupported, accepted);
      }
      this.sendAssociationAccept();
    }

    associationReleaseRequested() {
      this.sendAssociationReleaseResponse();
    }

    cEchoRequest(request, callback) {
      const response = CEchoResponse.fromRequest(request);
      response.setStatus(Status.Success);
      say({ served: 'echo' });
      callback(response);
    }

    cStoreRequest(request, callback) {
      const response = CStoreResponse.fromRequest(request);
      response.setStatus(Status.Success);
      say({ served: 'store', instance: request.getDataset().getElement('SOPInstanceUID') });
      callback(response);
    }

    cFindRequest(request, callback) {
      const seen = new Set();
      const responses = data.filter((one) => !seen.has(one.getElement('StudyInstanceUID'))
        && seen.add(one.getElement('StudyInstanceUID'))).map((one) => {
        const response = CFindResponse.fromRequest(request);
        response.setDataset(new Dataset({
          QueryRetrieveLevel: 'STUDY', PatientID: one.getElement('PatientID'),
          StudyInstanceUID: one.getElement('StudyInstanceUID'), RetrieveAETitle: aet }));
        response.setStatus(Status.Pending);
        return response;
      });
      const last = CFindResponse.fromRequest(request);
      last.setStatus(Status.Success);
      callback([...responses, last]);
    }

    cGetRequest(request, callback) {
      const wanted = request.getDataset().getElement('StudyInstanceUID');
      const matching = files.filter((_, i) => data[i].getElement('StudyInstanceUID') === wanted);
      let left = matching.length;
      let good = 0;
      this.sendRequests(matching.map((file) => {
        const store = new CStoreRequest(file);
        store.on('response', (response) => {
          good += response.getStatus() === Status.Success ? 1 : 0;
          left -= 1;
          if (left > 0) return;
          const last = CGetResponse.fromRequest(request);
          last.setCompleted(good);
          last.setFailures(matching.length - good);
          last.setWarnings(0);
          last.setRemaining(0);
          last.setStatus(good === matching.length ? Status.Success : Status.ProcessingFailure);
          callback([last]);
        });
        return store;
      }));
    }

    cMoveRequest(request, callback) {
      const wanted = request.getDataset().getElement('StudyInstanceUID');
      const matching = files.filter((_, i) => data[i].getElement('StudyInstanceUID') === wanted);
      const destination = request.getCommandDataset().getElement('MoveDestination');
      const last = CMoveResponse.fromRequest(request);
      send(destinations[destination], destination, matching.map((file) => new CStoreRequest(file))).then((result) => {
        const good = result.statuses.filter((status) => status === Status.Success).length;
        last.setCompleted(good);
        last.setFailures(matching.length - good);
        last.setWarnings(0);
        last.setRemaining(0);
        last.setStatus(good === matching.length ? Status.Success : Status.ProcessingFailure);
        callback([last]);
      }).catch((error) => {
        fail(error);
        last.setStatus(Status.ProcessingFailure);
        callback([last]);
      });
    }
  }

  const server = new Server(Peer);
  server.on('networkError', (error) => say({ network: String(error) }));
  // A free port: this library does not say which one it got when it is asked for 0.
  const probe = require('net').createServer();
  probe.listen(0, '127.0.0.1', () => {
    const { port } = probe.address();
    probe.close(() => {
      server.listen(port);
      say({ port });
    });
  });
}

const [role, ...rest] = process.argv.slice(2);
if (role === 'client') {
  const [port, called, what] = rest;
  // The library's timers would keep the process for as long as its patience lasts.
  send(Number(port), called, requestsOf(JSON.parse(what))).then(say).catch(fail).finally(() => process.exit());
} else {
  const [aet, destinations, ...files] = rest;
  serve(aet, JSON.parse(destinations), files);
}
