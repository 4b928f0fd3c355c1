declare module "mqtt-level-store" {
  import type { IStore } from "mqtt";

  /** The two stores of a client, in a LevelDB of the directory. */
  function manager(directory: string): {
    readonly incoming: IStore;
    readonly outgoing: IStore;
    close(done: () => void): void;
  };

  export { manager as default };
}
