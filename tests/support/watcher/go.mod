module example.test/watcher

go 1.19
