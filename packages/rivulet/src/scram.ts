/** `rivulet/scram`: enhanced authentication by SCRAM, for the option `authenticator`. */
export { scram, type ScramAlgorithm, type ScramOptions } from "./scram/scram.ts";
