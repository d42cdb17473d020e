/** Addresses: URLs and the literal forms of IP addresses. */
@NullMarked
package com.circleci.runnerinit.clients.runner.url;

import org.jspecify.annotations.NullMarked;
