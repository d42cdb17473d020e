/**
 * Which proxy a request goes through, by the rules of Go's {@code golang.org/x/net/http/httpproxy}.
 */
@NullMarked
package com.circleci.runnerinit.clients.runner.proxy;

import org.jspecify.annotations.NullMarked;
