/** The least that a cipher must have, in bits of its key. */
export const minCipherStrengthBits = 128;

/** TLS sessions that are kept for each object of options; the one that was longest not used goes first. */
export const maxSessions = 16;

/** Certificates that a path from the server's to an authority may have. */
export const maxPathLength = 10;

/** Certificates of the server that are looked at. OpenSSL itself takes 100 KiB of them. */
export const maxServerCertificates = 32;

/** Signatures that are verified in the search for a path: what a server's certificates can make us do. */
export const maxPathSteps = 100;

/** Sets of authorities and settings that are kept ready; each of a system's authorities takes about a megabyte. */
export const maxSecureContexts = 4;
