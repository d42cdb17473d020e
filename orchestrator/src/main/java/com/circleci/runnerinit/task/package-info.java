/** The task flow: what happens, in which order, and what is decided when something fails. */
@NullMarked
package com.circleci.runnerinit.task;

import org.jspecify.annotations.NullMarked;
