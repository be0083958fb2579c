package com.lastly.vespa.node;

import com.yahoo.component.ComponentId;
import com.yahoo.jdisc.core.ExportPackages;
import com.yahoo.metrics.simple.MetricReceiver;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.jar.JarFile;
import java.util.regex.Pattern;
import org.apache.felix.framework.FrameworkFactory;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleException;
import org.osgi.framework.Constants;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.launch.Framework;
import org.osgi.framework.wiring.BundleWiring;

/**
 * Resolves the packaged bundle in Felix, the OSGi framework that Vespa's container runs, against what the container
 * exports: jdisc_core's list and the Export-Package headers of the bundles that it installs.
 */
public final class BundleMain {

    /** The bundles among the class path's jars that the container installs and whose packages a searcher may import. */
    private static final Pattern INSTALLED = Pattern.compile("/(jdisc_core|container-disc|container-search-and-docproc|"
            + "jackson-core|jackson-databind|jackson-annotations)-[0-9.]+\\.jar$");

    private BundleMain() {}

    /**
     * Argument: the bundle. Prints RESOLVED and the classes that linked, and MADE when the searcher could be made of
     * them; fails with the framework's reason.
     */
    public static void main(String[] args) throws Exception {
        Framework framework = new FrameworkFactory().newFramework(configuration());
        framework.start();
        try {
            Bundle bundle = framework
                    .getBundleContext()
                    .installBundle(Path.of(args[0]).toUri().toString());
            bundle.start();
            System.out.println(
                    "RESOLVED " + bundle.getSymbolicName() + " " + bundle.getVersion() + " " + linked(bundle));
            System.out.println("MADE " + made(bundle).getName());
        } catch (BundleException | LinkageError e) {
            System.out.println("UNRESOLVED " + e.getMessage());
            System.exit(1);
        } finally {
            framework.stop();
        }
        System.exit(0);
    }

    private static Map<String, String> configuration() throws IOException {
        Map<String, String> configuration = new LinkedHashMap<>();
        configuration.put(
                Constants.FRAMEWORK_STORAGE, Files.createTempDirectory("felix").toString());
        configuration.put(Constants.FRAMEWORK_SYSTEMPACKAGES_EXTRA, exports());
        return configuration;
    }

    private static String exports() throws IOException {
        List<String> exports = new ArrayList<>();
        exports.add(ExportPackages.getSystemPackages());
        for (String jar : System.getProperty("java.class.path").split(File.pathSeparator))
            if (INSTALLED.matcher(jar).find()) exports.add(exportsOf(jar));
        return String.join(",", exports);
    }

    private static String exportsOf(String jar) throws IOException {
        try (JarFile file = new JarFile(jar)) {
            String exports = file.getManifest().getMainAttributes().getValue(Constants.EXPORT_PACKAGE);
            if (exports == null) throw new IllegalStateException(jar + " exports nothing; is it the container's?");
            return exports.replaceAll(";uses:=\"[^\"]*\"", "");
        }
    }

    /** Makes the searcher as the container does, out of the bundle's own classes. */
    private static Class<?> made(Bundle bundle) throws ReflectiveOperationException {
        Class<?> config = bundle.loadClass("com.lastly.vespa.RerankConfig");
        Class<?> builder = bundle.loadClass("com.lastly.vespa.RerankConfig$Builder");
        Object defaults = config.getConstructor(builder)
                .newInstance(builder.getConstructor().newInstance());
        Object searcher = bundle.loadClass("com.lastly.vespa.RerankSearcher")
                .getConstructor(ComponentId.class, config, MetricReceiver.class)
                .newInstance(new ComponentId("lastly"), defaults, MetricReceiver.nullImplementation);
        if (FrameworkUtil.getBundle(searcher.getClass()) != bundle)
            throw new IllegalStateException("made of classes from elsewhere");
        return searcher.getClass();
    }

    /** Loads every class of the bundle and of the jars in it through its own loader, with the types of its members. */
    private static List<String> linked(Bundle bundle) {
        List<String> linked = new ArrayList<>();
        int all = BundleWiring.LISTRESOURCES_LOCAL | BundleWiring.LISTRESOURCES_RECURSE;
        for (String resource : bundle.adapt(BundleWiring.class).listResources("/", "*.class", all)) {
            String name = resource.replaceAll("\\.class$", "").replace('/', '.');
            try {
                Class<?> loaded = bundle.loadClass(name);
                loaded.getDeclaredMethods();
                loaded.getDeclaredFields();
                loaded.getDeclaredConstructors();
                linked.add(name);
            } catch (ClassNotFoundException e) {
                throw new NoClassDefFoundError(name);
            }
        }
        return linked;
    }
}
