# Writes the nth block of C of a page, or what stands between the marks of a
# manual page's example.
/^```c$/ { if (++block == n) on = 1; next }
/^```$/ { on = 0 }
/^\.\\" example: begin/ { if (n == "man") on = 1; next }
/^\.\\" example: end/ { on = 0 }
/^\.(nf|fi)$/ && n == "man" { next }
on { if (n == "man") gsub(/\\e/, "\\"); print }
