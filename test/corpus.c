/* corpus - runs a fuzz target on the files of the folders that are named: what
 * once broke it does not again. Linked with the target in libFuzzer's place. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define MOST (1u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
run(const char *folder, const char *name)
{
	static uint8_t bytes[MOST];
	char path[4096];
	uint8_t *copy;
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "rb");
	if (!f) {
		perror(path);
		exit(1);
	}
	n = fread(bytes, 1, MOST, f);
	fclose(f);
	/* Says which one it is, if it breaks. */
	fprintf(stderr, "%s\n", path);
	copy = malloc(n + !n);
	for (size_t i = 0; i < n; i++)
		copy[i] = bytes[i];
	LLVMFuzzerTestOneInput(copy, n);
	free(copy);
}

int
main(int argc, char **argv)
{
	unsigned files = 0;

	for (int i = 1; i < argc; i++) {
		DIR *d = opendir(argv[i]);

		if (!d) {
			perror(argv[i]);
			return 1;
		}
		for (struct dirent *e; (e = readdir(d));) {
			if (e->d_name[0] == '.')
				continue;
			run(argv[i], e->d_name);
			files++;
		}
		closedir(d);
	}
	printf("%u files\n", files);
	return !files;
}
