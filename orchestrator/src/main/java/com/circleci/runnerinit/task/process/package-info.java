/** Supervision of processes: finding, starting, feeding, reaping and killing them. */
@NullMarked
package com.circleci.runnerinit.task.process;

import org.jspecify.annotations.NullMarked;
