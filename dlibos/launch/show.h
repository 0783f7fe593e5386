/* show.h - `dlibos layout`: look at a layout before it is run. */
#ifndef DLIBOS_LAUNCH_SHOW_H
#define DLIBOS_LAUNCH_SHOW_H

/* argv[0] is "layout"; then `show FILE|RATIO [options]` or `list`. The drawing
 * goes to stdout, complaints to stderr, one line each. Returns an exit status
 * of base/log.h; a layout that does not fit this machine is no failure.
 *
 * Environment: DLIBOS_LAYOUTS (folder of the layouts that have bare names),
 * NO_COLOR. */
int layout_cmd(int argc, char **argv);

/* The folder that bare names are looked up in. */
const char *layout_dir(void);

#endif
