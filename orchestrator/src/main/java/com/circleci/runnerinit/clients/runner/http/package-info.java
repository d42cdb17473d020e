/** One HTTP exchange under a deadline: name lookup, connection, proxy, TLS, request, answer. */
@NullMarked
package com.circleci.runnerinit.clients.runner.http;

import org.jspecify.annotations.NullMarked;
