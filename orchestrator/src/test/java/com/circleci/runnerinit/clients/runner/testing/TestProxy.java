package com.circleci.runnerinit.clients.runner.testing;

import com.circleci.runnerinit.testing.Conversation;
import com.circleci.runnerinit.testing.ScriptedServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;

/** A proxy's way with CONNECT: it opens a tunnel to the server that the client names. */
public final class TestProxy implements ScriptedServer.Script {
  @Override
  public void hold(Conversation conversation) throws IOException {
    String[] line = conversation.receive().line().split(" ", -1);
    int colon = line[1].lastIndexOf(':');
    int port = Integer.parseInt(line[1].substring(colon + 1));
    try (Socket server = new Socket(InetAddress.ofLiteral("127.0.0.1"), port)) {
      conversation.send("HTTP/1.1 200 Connection established\r\nProxy-Agent: test\r\n\r\n");
      Socket client = conversation.socket();
      Thread back = Thread.ofVirtual().start(() -> copy(server, client));
      copy(client, server);
      back.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void copy(Socket from, Socket to) {
    try {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      in.transferTo(out);
      to.shutdownOutput();
    } catch (IOException e) {
      // One of the two went away; so does the other.
    }
  }
}
