/** What nothing here can bring about, by the reason. */
const reasons: readonly { readonly why: string; readonly rows: readonly string[] }[] = [
  {
    why: "a packet that cannot leave is noticed as the loss of the connection, which has a code of its own (1120, 10054)",
    rows: ["WebSocket/4001"],
  },
  {
    why: "the closing frame is the last thing that is done with a WebSocket: one that cannot leave changes nothing for anybody",
    rows: ["WebSocket/4002"],
  },
  {
    why: "nothing is downloaded, in part or as a whole: there is no HTTP but for proxies and the upgrade",
    rows: ["HTTP/155"],
  },
  { why: "there are no cookies: there is no HTTP but for proxies and the upgrade", rows: ["HTTP/156"] },
  { why: "no file is sent: there is no HTTP but for proxies and the upgrade", rows: ["HTTP/302"] },
  { why: "there is no setting UseConnection: every object has a connection of its own", rows: ["TCPClient/117"] },
  { why: "nothing listens: the class is a client", rows: ["TCPClient/213"] },
  { why: "what takes too long has the code 201, whatever it is", rows: ["TCPClient/301"] },
  { why: "there is no code page: text is UTF-8, which has every character", rows: ["TCPClient/434"] },
  { why: "runtimes take up again what a signal has interrupted, and tell nobody", rows: ["TCP/IP/10004"] },
  { why: "nobody but the runtime has descriptors, and it uses none that it has closed", rows: ["TCP/IP/10009"] },
  { why: "addresses in memory are the runtime's own", rows: ["TCP/IP/10014"] },
  {
    why: "a call that would have to wait has the code 135; runtimes wait for the rest by themselves",
    rows: ["TCP/IP/10035"],
  },
  {
    why: "runtimes do nothing to a socket that is busy; connecting twice has the code 1105",
    rows: ["TCP/IP/10036", "TCP/IP/10037"],
  },
  { why: "every socket is made by the runtime, and is one", rows: ["TCP/IP/10038"] },
  { why: "a host that is missing has the code 152, before there is a socket", rows: ["TCP/IP/10039"] },
  { why: "every socket is made with the protocol of its type", rows: ["TCP/IP/10041"] },
  { why: "every socket is a stream", rows: ["TCP/IP/10044"] },
  {
    why: "runtimes know the two families of the Internet, and tell an address of the other one before there is a socket: 10047",
    rows: ["TCP/IP/10046"],
  },
  { why: "the network of the machine that runs the checks would have to be shut down", rows: ["TCP/IP/10050"] },
  {
    why: "Linux ends no connection by itself, unless it has waited many minutes for an answer; when the class ends one, it says why",
    rows: ["TCP/IP/10053"],
  },
  { why: "every connection has a socket of its own; connecting again has the code 104", rows: ["TCP/IP/10056"] },
  { why: "without a connection there is no socket to do something with: 1117", rows: ["TCP/IP/10057"] },
  { why: "nothing is sent after the side of the client has been closed: 1117", rows: ["TCP/IP/10058"] },
  { why: "it is said of descriptors that are passed to other processes, and none are", rows: ["TCP/IP/10059"] },
  {
    why: "the kernel gives up after two minutes or more, which no check waits for; the class gives up before, by its timeout, with the code 201",
    rows: ["TCP/IP/10060"],
  },
  {
    why: "it is said of paths, and a file that cannot be used has the code 302 or 271, whatever the reason",
    rows: ["TCP/IP/10062", "TCP/IP/10063", "TCP/IP/10069", "TCP/IP/10070"],
  },
  {
    why: "a router or a neighbour would have to say so, and there is none on this machine alone",
    rows: ["TCP/IP/10064", "TCP/IP/10065"],
  },
  { why: "nothing removes a directory", rows: ["TCP/IP/10066"] },
  { why: "no process is started", rows: ["TCP/IP/10067"] },
  { why: "it is said of quotas for users, which no socket counts against", rows: ["TCP/IP/10068"] },
  { why: "it is said of a file system of the 1980s, which no runtime meets", rows: ["TCP/IP/10071"] },
  {
    why: "it is an error of starting Windows Sockets, which only Windows does, and the runtime for itself",
    rows: ["TCP/IP/10091", "TCP/IP/10092", "TCP/IP/10093"],
  },
  {
    why: "a name server that fails in that way would have to be the system's: runtimes ask no other",
    rows: ["TCP/IP/11002", "TCP/IP/11003"],
  },
  {
    why: "Node says the same of a name without an address as of one that does not exist, 11001; for Deno, a name server would have to know one",
    rows: ["TCP/IP/11004"],
  },
];

/** Rows of errors that no check can provoke, each with the reason why. */
export const unprovokable: ReadonlyMap<string, string> = new Map(
  reasons.flatMap(({ why, rows }) => rows.map((row) => [`error ${row}`, why] as const)),
);
