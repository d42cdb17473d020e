/** What is asked of Linux. */
@NullMarked
package com.circleci.runnerinit.linux;

import org.jspecify.annotations.NullMarked;
