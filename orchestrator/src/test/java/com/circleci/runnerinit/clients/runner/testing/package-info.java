/** A server and certificates for the tests of the API's client. */
@NullMarked
package com.circleci.runnerinit.clients.runner.testing;

import org.jspecify.annotations.NullMarked;
