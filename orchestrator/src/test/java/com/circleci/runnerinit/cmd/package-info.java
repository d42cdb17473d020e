@NullMarked
package com.circleci.runnerinit.cmd;

import org.jspecify.annotations.NullMarked;
