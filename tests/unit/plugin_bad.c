/* Shared objects that are no plug-ins of this takt: VARIANT says why. */
#include <takt/task.h>

#if VARIANT == 1		/* another ABI; nothing behind the first fields is meant to be read */
__attribute__((visibility("default"))) extern const struct takt_plugin takt_plugin_1;
const struct takt_plugin takt_plugin_1 = { .abi_major = 2, .bytes = 8 };
#elif VARIANT == 2		/* no symbol */
__attribute__((visibility("default"))) extern const int unrelated;
const int unrelated = 1;
#else				/* NULL where a name belongs */
static const struct takt_task task = { .bytes = sizeof(task), .kind = TAKT_SOURCE };
static const struct takt_task *const tasks[] = { &task, NULL };
__attribute__((visibility("default"))) extern const struct takt_plugin takt_plugin_1;
const struct takt_plugin takt_plugin_1 = {
	TAKT_ABI_MAJOR, TAKT_ABI_MINOR, sizeof(struct takt_plugin), sizeof(struct takt_task),
	"null", "1", tasks, 2, sizeof(struct takt_text_site), NULL, NULL,
};
#endif
