/** The event log: one line an event on standard output. */
@NullMarked
package com.circleci.runnerinit.log;

import org.jspecify.annotations.NullMarked;
