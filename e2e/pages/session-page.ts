/** The page of an application that was bundled, with a session in IndexedDB. */
import { MqttClient } from "rivulet";
import { indexedDbSessionStore } from "rivulet/indexed-db";
import type { PageGlobals } from "./page-globals.ts";

const globals = globalThis as unknown as PageGlobals;

globals.openSession = async (url, clientId) => {
  const session = await indexedDbSessionStore({ name: "pages" });
  const client = new MqttClient(url, { clientId, session, sessionExpiryInterval: 60 });
  try {
    await client.connect();
    await client.publish(`${clientId}/hello`, "Hello", { qos: 1 });
    return undefined;
  } catch (error) {
    await session.close();
    return String(error);
  }
};
