/** For the tests of packages that are joined with this one by whoever uses them. */
export { tcp as viaNode } from "../src/mod.ts";
