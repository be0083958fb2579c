package com.lastly.vespa.node;

import com.yahoo.application.Application;
import com.yahoo.application.Networking;
import java.nio.file.Path;

/**
 * Runs an application package in the real container with real HTTP, over a content node that is in this process too.
 */
public final class ContainerMain {

    private ContainerMain() {}

    /** Arguments: the package's folder, the corpus (JSON lines). Ends when standard input does. */
    public static void main(String[] args) throws Exception {
        Path folder = Path.of(args[0]).toAbsolutePath();
        ApplicationModel model = ApplicationModel.of(folder);
        Bm25Index index = new Bm25Index(Article.read(Path.of(args[1])));
        ContentNode node = new ContentNode(index, model.summaryClasses("articles", "article"));
        for (int port : model.searchPorts()) node.listen(port);
        try (Application application = Application.fromApplicationPackage(folder, Networking.enable)) {
            System.out.println("READY documents=" + index.articles().size());
            while (System.in.read() >= 0) {}
        }
        System.exit(0);
    }
}
