/** Bytes of a file, or of what stands in for one. A bundle of every public authority has a quarter of a megabyte. */
export const maxFileBytes: number = 16 * 1024 * 1024;

/** Files that a directory of authorities may have. Each is read whole. */
export const maxDirectoryFiles = 5_000;

/**
 * Iterations of PBKDF2 for one file, in a thread of Node's pool: up to about ten seconds. OpenSSL's default is 2,048, and
 * 600,000 is much today.
 */
export const maxPbkdf2Iterations = 10_000_000;

/** Iterations of the derivation of legacy PKCS#12 for one file: up to about ten seconds, with pauses for other work. */
export const maxPkcs12Iterations = 4_000_000;

/** Memory that scrypt and Argon2 may take. PuTTY's default for Argon2 is 8 MiB. */
export const maxDerivationMemoryBytes: number = 256 * 1024 * 1024;

/** What scrypt and Argon2 may write in all, passes times memory: up to about half a minute. PuTTY writes about 0.2 GiB. */
export const maxDerivationWorkBytes: number = 2 * 1024 * 1024 * 1024;

/** Rounds of bcrypt, which occupies the process: up to about five seconds. OpenSSH's default is 16 or 24. */
export const maxBcryptRounds = 256;

/** Bytes of a number in an RSA or DSA key: 16,384 bits, as OpenSSL has it. */
export const maxKeyNumberBytes = 2_048;
