import type { BlobPayload, Payload } from "../options.ts";
import type { MessageHandler } from "./inbox.ts";
import type { Message } from "./message.ts";
import type { PublishOptions } from "./publish-options.ts";
import type { TopicParams } from "./topic-pattern.ts";

/** A response with options of `publish`. Its Correlation Data is the request's, and so is its `qos` by default. */
export interface Reply extends Omit<PublishOptions, "correlationData"> {
  readonly payload: Payload | BlobPayload;
}

/** Takes a request, and returns the response, or a promise of it; undefined is none. */
export type RequestHandler<Params extends TopicParams = TopicParams> = (
  request: Message<Params>,
) => Payload | BlobPayload | Reply | undefined | Promise<Payload | BlobPayload | Reply | undefined>;

/** Makes a handler of messages of one of requests: the request is done with when the response has been published. */
export function responder<Params extends TopicParams>(
  client: { publish(topic: string, payload: Payload | BlobPayload, options: PublishOptions): Promise<unknown> },
  handler: RequestHandler<Params>,
): MessageHandler<Params> {
  return async (request) => {
    const answer = await handler(request);
    const { responseTopic, correlationData, qos } = request;
    // Without a Response Topic it is a message like any other (section 4.10.1).
    if (responseTopic === undefined || answer === undefined) return;
    const { payload, ...options } = isReply(answer) ? answer : { payload: answer };
    await client.publish(responseTopic, payload, { qos, ...options, correlationData });
  };
}

function isReply(answer: Payload | BlobPayload | Reply): answer is Reply {
  return typeof answer === "object" && "payload" in answer;
}
