/** The client of CircleCI's runner API, by which a task that failed is retried or reported. */
@NullMarked
package com.circleci.runnerinit.clients.runner;

import org.jspecify.annotations.NullMarked;
