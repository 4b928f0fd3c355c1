/** The page that has Rivulet in a worker. */
import type { Cell } from "../scenarios/scenario.ts";
import { preparePage } from "./page.ts";
import type { WorkerReply, WorkerRequest } from "./worker.ts";

interface TrustedTypes {
  createPolicy(name: string, rules: object): { createScriptURL(url: string): string };
}

const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes };
const trusted = trustedTypes?.createPolicy("worker", { createScriptURL: (url: string) => url });
const script = trusted?.createScriptURL("/worker.js") ?? "/worker.js";
const kind = document.currentScript?.dataset["kind"];

preparePage((cell: Cell, only: string) => runInWorker({ cell, only }));

/** Resolves when the worker has no more results. */
async function runInWorker(request: WorkerRequest): Promise<void> {
  const { postMessage, replies } = await openWorker();
  const reports: Promise<void>[] = [];
  await new Promise<void>((resolve, reject) => {
    replies((reply) => {
      if ("result" in reply) reports.push(globalThis.reportResult(reply.result));
      else if (reply.error === undefined) resolve();
      else reject(new Error(reply.error));
    });
    postMessage(request);
  });
  await Promise.all(reports);
}

interface OpenWorker {
  postMessage(request: WorkerRequest): void;
  replies(listener: (reply: WorkerReply) => void): void;
}

async function openWorker(): Promise<OpenWorker> {
  if (kind === "service-worker") {
    await navigator.serviceWorker.register(script);
    const { active } = await navigator.serviceWorker.ready;
    return {
      postMessage: (request) => active?.postMessage(request),
      replies: (listener) => {
        navigator.serviceWorker.onmessage = ({ data }) => listener(data as WorkerReply);
      },
    };
  }
  const end = kind === "shared-worker" ? new SharedWorker(script).port : new Worker(script);
  return {
    postMessage: (request) => end.postMessage(request),
    replies: (listener) => {
      end.onmessage = ({ data }) => listener(data as WorkerReply);
    },
  };
}
