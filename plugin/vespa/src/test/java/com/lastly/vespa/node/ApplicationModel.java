package com.lastly.vespa.node;

import ai.vespa.rankingexpression.importer.configmodelview.MlModelImporter;
import ai.vespa.rankingexpression.importer.onnx.OnnxImporter;
import ai.vespa.rankingexpression.importer.vespa.VespaImporter;
import com.yahoo.component.Vtag;
import com.yahoo.config.model.NullConfigModelRegistry;
import com.yahoo.config.model.api.ValidationParameters;
import com.yahoo.config.model.application.provider.ApplicationPackageXmlFilesValidator;
import com.yahoo.config.model.application.provider.FilesApplicationPackage;
import com.yahoo.config.model.deploy.DeployState;
import com.yahoo.config.model.deploy.TestProperties;
import com.yahoo.container.standalone.LocalFileDb;
import com.yahoo.vespa.config.search.SummaryConfig;
import com.yahoo.vespa.model.VespaModel;
import com.yahoo.vespa.model.application.validation.Validation;
import com.yahoo.vespa.model.search.SearchNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** An application package as Vespa's own config model sees it: the checks that a deployment makes. */
public final class ApplicationModel {

    private final VespaModel model;
    private final List<String> warnings = new ArrayList<>();

    private ApplicationModel(Path folder) throws Exception {
        ApplicationPackageXmlFilesValidator.create(folder.toFile(), Vtag.currentVersion)
                .checkApplication();
        ValidationParameters parameters = new ValidationParameters();
        DeployState state = new DeployState.Builder()
                .applicationPackage(FilesApplicationPackage.fromDir(folder.toFile(), true, Map.of()))
                .modelImporters(List.<MlModelImporter>of(new OnnxImporter(), new VespaImporter()))
                .deployLogger((level, message) -> warnings.add(level + " " + message))
                .properties(new TestProperties())
                .fileRegistry(new LocalFileDb(folder.toAbsolutePath()))
                .build(parameters);
        model = new VespaModel(new NullConfigModelRegistry(), state);
        new Validation().validate(model, parameters, state);
    }

    /** Builds and validates; throws what a deployment would answer. */
    public static ApplicationModel of(Path folder) throws Exception {
        return new ApplicationModel(folder);
    }

    /** What the deployment would log. */
    public List<String> warnings() {
        return List.copyOf(warnings);
    }

    /** The ports that the content nodes' search RPC is expected on. */
    public List<Integer> searchPorts() {
        return model.hostSystem().getHosts().stream()
                .flatMap(host -> host.getServices().stream())
                .filter(SearchNode.class::isInstance)
                .map(service -> ((SearchNode) service).getRpcPort())
                .toList();
    }

    /** The fields of every summary class of a schema. */
    public Map<String, List<String>> summaryClasses(String cluster, String schema) {
        SummaryConfig.Builder builder = new SummaryConfig.Builder();
        model.getConfig(builder, cluster + "/search/cluster." + cluster + "/" + schema);
        Map<String, List<String>> classes = new LinkedHashMap<>();
        for (SummaryConfig.Classes summaryClass : builder.build().classes())
            classes.put(
                    summaryClass.name(),
                    summaryClass.fields().stream()
                            .map(SummaryConfig.Classes.Fields::name)
                            .toList());
        return classes;
    }

    /** Prints what the model makes of the package in argument 0; exits with 1 and the reason where it refuses. */
    public static void main(String[] args) {
        try {
            ApplicationModel application = of(Path.of(args[0]));
            application.warnings().forEach(System.out::println);
            System.out.println("VALID " + application.searchPorts().size() + " search nodes");
            System.exit(0);
        } catch (Exception e) {
            for (Throwable t = e; t != null; t = t.getCause()) System.out.println("REFUSED " + t.getMessage());
            System.exit(1);
        }
    }
}
