/** Imported before a program: ends it, with a line on standard error, when it asks for the network in any way. */
import dgram from "node:dgram";
import dns from "node:dns";
import http from "node:http";
import https from "node:https";
import { syncBuiltinESMExports } from "node:module";
import net from "node:net";
import tls from "node:tls";

const refuse = (what) => () => {
  process.stderr.write(`asked for the network: ${what}\n`);
  process.exit(99);
};

const { connect } = net.Socket.prototype;
net.Socket.prototype.connect = function (...given) {
  const [options] = Array.isArray(given[0]) ? given[0] : given;
  if (typeof options?.path === "string") return connect.apply(this, given); // a pipe to another process of this machine
  return refuse("net")();
};
net.Server.prototype.listen = refuse("listen");
for (const name of ["lookup", "resolve", "resolve4", "resolve6"]) {
  dns[name] = refuse(`dns.${name}`);
  dns.promises[name] = refuse(`dns.promises.${name}`);
}
for (const module of [http, https]) for (const name of ["request", "get"]) module[name] = refuse(name);
tls.connect = refuse("tls");
dgram.createSocket = refuse("dgram");
for (const name of ["fetch", "WebSocket", "EventSource"]) globalThis[name] = refuse(name);
syncBuiltinESMExports();
