/* The limit of a tracker for Python: bare C types and one native call for an event.
 *
 * It constructs a page view, makes an id, reads the clock, writes the record that this package
 * writes, and returns the id as a str. It checks nothing, escapes nothing, calls no hook, and takes
 * one kind of event with its three texts by keyword. No tracker could do without all of that.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#define TEXTS 3
#define KEPT 16
#define CHUNK (64 * 1024)
#define MOST (2 * 1024) /* bytes of a record */

typedef struct {
    PyObject_HEAD
    PyObject *texts[TEXTS];
} PageView;

static PageView *kept[KEPT]; /* freed objects, to be used again */
static int kept_count;
static char *chunk; /* the first word of each chunk points to the one before it */
static size_t used = CHUNK;
static size_t events;
static uint64_t state[2] = {0x9E3779B97F4A7C15u, 0xD1B54A32D192ED03u};

static PyTypeObject PageViewType;

static PyObject *page_view(PyObject *type, PyObject *const *texts, size_t count, PyObject *names) {
    (void)type, (void)count, (void)names;
    PageView *made;
    if (kept_count > 0) {
        made = (PageView *)PyObject_Init((PyObject *)kept[--kept_count], &PageViewType);
    } else {
        made = PyObject_New(PageView, &PageViewType);
    }
    if (made == NULL) return NULL;
    for (int place = 0; place < TEXTS; place++) made->texts[place] = Py_NewRef(texts[place]);
    return (PyObject *)made;
}

static void forget(PyObject *self) {
    for (int place = 0; place < TEXTS; place++) Py_DECREF(((PageView *)self)->texts[place]);
    if (kept_count < KEPT) {
        kept[kept_count++] = (PageView *)self;
    } else {
        PyObject_Free(self);
    }
}

static PyTypeObject PageViewType = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "limit.PageView",
    .tp_basicsize = sizeof(PageView),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_dealloc = forget,
    .tp_vectorcall = page_view,
};

static uint64_t draw(void) { /* xorshift128+ */
    uint64_t one = state[0], other = state[1];
    state[0] = other;
    one ^= one << 23;
    state[1] = one ^ other ^ (one >> 17) ^ (other >> 26);
    return state[1] + other;
}

static void write_id(char *id) {
    static const char digits[] = "0123456789abcdef";
    uint64_t bits[2] = {draw(), draw()};
    for (int place = 0, digit = 0; place < 36; place++) {
        if (place == 8 || place == 13 || place == 18 || place == 23) {
            id[place] = '-';
        } else {
            id[place] = digits[(bits[digit >> 4] >> ((digit & 15) * 4)) & 15];
            digit++;
        }
    }
}

static char *add(char *end, const char *text, size_t size) {
    memcpy(end, text, size);
    return end + size;
}
#define ADD(end, text) add(end, text, sizeof(text) - 1)

static char *add_time(char *end) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    uint64_t left = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
    for (int place = 12; place >= 0; place--, left /= 10) end[place] = (char)('0' + left % 10);
    return end + 13;
}

static char *add_text(char *end, PyObject *text) {
    Py_ssize_t size;
    const char *utf8 = PyUnicode_AsUTF8AndSize(text, &size);
    return add(end, utf8, (size_t)size);
}

static int make_room(void) {
    if (used + MOST <= CHUNK) return 0;
    char *next = malloc(CHUNK);
    if (next == NULL) return -1;
    memcpy(next, &chunk, sizeof(chunk));
    chunk = next;
    used = sizeof(chunk);
    return 0;
}

static PyObject *track(PyObject *module, PyObject *event) {
    (void)module;
    PyObject *id = PyUnicode_New(36, 127);
    if (id == NULL || make_room() < 0) return PyErr_NoMemory();
    char *text = PyUnicode_DATA(id);
    write_id(text);
    PyObject **texts = ((PageView *)event)->texts;
    char *end = chunk + used;
    end = ADD(end, "{\"e\":\"pv\",\"url\":\"");
    end = add_text(end, texts[0]);
    end = ADD(end, "\",\"page\":\"");
    end = add_text(end, texts[1]);
    end = ADD(end, "\",\"refr\":\"");
    end = add_text(end, texts[2]);
    end = ADD(end, "\",\"eid\":\"");
    end = add(end, text, 36);
    end = ADD(end, "\",\"dtm\":\"");
    end = add_time(end);
    end = ADD(end, "\",\"tv\":\"py-1.2.0\",\"p\":\"pc\",\"uid\":\"u-1234\",\"tna\":\"bench\",");
    end = ADD(end, "\"aid\":\"shop\"}");
    used = (size_t)(end - chunk);
    events++;
    return id;
}

/* Empty the buffer but for one chunk, and return how many events it held. */
static PyObject *clear(PyObject *module, PyObject *none) {
    (void)module, (void)none;
    for (char *before; chunk != NULL; chunk = before) {
        memcpy(&before, chunk, sizeof(before));
        if (before == NULL) break;
        free(chunk);
    }
    used = chunk == NULL ? CHUNK : sizeof(chunk);
    size_t held = events;
    events = 0;
    return PyLong_FromSize_t(held);
}

static PyMethodDef functions[] = {
    {"track", track, METH_O, NULL},
    {"clear", clear, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "limit", NULL, -1, functions, NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit_limit(void) {
    PyObject *module = PyModule_Create(&definition);
    if (module == NULL || PyType_Ready(&PageViewType) < 0) return NULL;
    if (PyModule_AddObjectRef(module, "PageView", (PyObject *)&PageViewType) < 0) return NULL;
    return module;
}
