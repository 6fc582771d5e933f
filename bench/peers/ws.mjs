/** A bare `ws` server: no protocol of its own, no heartbeat; a room is a set of sockets, and a broadcast one buffer for all of them. */

import { createServer } from "node:http";
import { WebSocketServer } from "ws";
import { ack, open, roomIn, state, Ticker } from "./rooms.mjs";

const http = createServer();
const server = new WebSocketServer({ server: http, perMessageDeflate: false, clientTracking: false });
const rooms = new Map();
const ticker = new Ticker(broadcast);

server.on("connection", (socket, request) => {
  const name = roomIn(request.url);
  if (!rooms.has(name)) rooms.set(name, new Set());
  const room = rooms.get(name).add(socket);
  socket.on("close", () => room.delete(socket));
  socket.on("message", (text) => {
    const message = JSON.parse(text);
    if (message.type === "timer:start") ticker.start(name);
    else broadcast(name, state());
    if (message.id) socket.send(JSON.stringify(ack(message.id)));
  });
  socket.send('{"type":"session:joined"}');
});

function broadcast(name, message) {
  const text = Buffer.from(JSON.stringify(message));
  for (const socket of rooms.get(name)) socket.send(text, { binary: false });
}

open(http);
