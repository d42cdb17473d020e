/** The command line: what it means, what it prints, and with which status it ends. */
@NullMarked
package com.circleci.runnerinit.cmd;

import org.jspecify.annotations.NullMarked;
