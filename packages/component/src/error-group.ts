/** What a code belongs to: 301 and 302 stand for different things in two of them. */
export type ErrorGroup = "MQTT" | "WebSocket" | "HTTP" | "TCPClient" | "SSL" | "TCP/IP";
