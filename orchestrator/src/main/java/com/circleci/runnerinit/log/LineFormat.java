package com.circleci.runnerinit.log;

/** Turns an event into the bytes of one line, its line feed included. */
interface LineFormat {
  byte[] format(LogEvent event);
}
