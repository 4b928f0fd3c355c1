/** The two that are measured in turn, each from its own file for a script tag. */
export const browserLibraries = ["rivulet", "mqtt.js"] as const;
export type BrowserLibrary = (typeof browserLibraries)[number];

/** What a page does, with messages of 64 bytes. */
export type BrowserTask =
  | {
      /** At QoS 0 many in one turn, and then the last is waited for; at QoS 1 with 256 unanswered at any time. */
      readonly kind: "publish";
      readonly qos: 0 | 1;
    }
  | {
      readonly kind: "receive";
      readonly qos: 0 | 1;
      /** Whether the peer sends each packet as a message of its own, or many in one. */
      readonly frames: "a packet each" | "many packets each";
    };

/** What a page is told. */
export interface BrowserAssignment {
  readonly library: BrowserLibrary;
  readonly url: string;
  readonly protocolVersion: 4 | 5;
  readonly task: BrowserTask;
}

/** What came of a run, as the page sees it. */
export interface PageRun {
  readonly messages: number;
  readonly wallSeconds: number;
}

/** What a page gives to whoever drives it. */
export interface PageGlobals {
  /** Connects, and subscribes where it is to receive. */
  prepare: (assignment: BrowserAssignment) => Promise<void>;
  /** Does the work over and over until so much time is over. */
  runFor: (wallMs: number) => Promise<PageRun>;
}
