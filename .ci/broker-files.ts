/** Makes what the broker of e2e/compose.yaml needs beside its configuration: certificates, the password file, the ACL. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { credentials, writeBrokerFiles } from "../e2e/support/broker-configuration.ts";
import { root } from "./lib/command.ts";

const directory = join(root, ".cache/broker");
mkdirSync(directory, { recursive: true });
await writeBrokerFiles(directory);
console.log(
  `Wrote ${directory}; the guarded listeners know user ${credentials.username}, password ${credentials.password}`,
);
