/** The way to another machine: names, addresses and connections, each under a deadline. */
@NullMarked
package com.circleci.runnerinit.clients.net;

import org.jspecify.annotations.NullMarked;
