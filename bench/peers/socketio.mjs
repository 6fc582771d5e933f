/** A socket.io server at its leanest: websocket only, no compression, the request forgotten once read, one encoding per room. */

import { createServer } from "node:http";
import { Server } from "socket.io";
import { ack, open, roomIn, state, Ticker } from "./rooms.mjs";

const http = createServer();
const io = new Server(http, {
  transports: ["websocket"],
  perMessageDeflate: false,
  httpCompression: false,
  serveClient: false,
});
const ticker = new Ticker((room, tick) => io.to(room).emit("say", tick));

io.on("connection", (socket) => {
  const room = roomIn(socket.handshake.url);
  socket.conn.request = null;
  socket.join(room);
  socket.on("say", (message, answer) => {
    if (message.type === "timer:start") ticker.start(room);
    else io.to(room).emit("say", state());
    if (message.id) answer(ack(message.id));
  });
});

open(http);
