/** `rivulet/indexed-db`: sessions in the database of a browser. */
export {
  indexedDbSessionStore,
  type IndexedDbSessionStore,
  type IndexedDbSessionStoreOptions,
} from "@rivulet/websocket/indexed-db";
