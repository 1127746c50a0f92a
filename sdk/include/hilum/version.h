/* The version of Hilum and of its plugin ABI: the one place where they stand. C99. */
#ifndef HILUM_VERSION_H
#define HILUM_VERSION_H

/* Version of the server, of the SDK and of the plugins that come with it. */
#define HILUM_VERSION "0.1.0"

/* ABI of the plugin boundary. A plugin built against another major ABI is refused; one built against a newer
 * minor ABI than the host's is refused as well, for it may call what the host does not have. */
#define HILUM_ABI_MAJOR 1
#define HILUM_ABI_MINOR 0

#endif
