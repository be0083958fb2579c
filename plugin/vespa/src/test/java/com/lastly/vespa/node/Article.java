package com.lastly.vespa.node;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** One document of the corpus, as the schema `article` has it. */
public record Article(String id, String title, String text, String category) {

    /** Reads JSON lines with `id`, `title` and `text`; the category is the title up to its first dot. */
    public static List<Article> read(Path file) throws IOException {
        ObjectMapper mapper = new ObjectMapper();
        List<Article> articles = new ArrayList<>();
        for (String line : Files.readAllLines(file)) {
            JsonNode json = mapper.readTree(line);
            String title = json.path("title").asText();
            articles.add(new Article(
                    json.path("id").asText(), title, json.path("text").asText(), title.split("\\.")[0]));
        }
        return articles;
    }

    /** The text of a string field; null for a name that is none. */
    public String string(String field) {
        return switch (field) {
            case "id" -> id;
            case "title" -> title;
            case "text" -> text;
            case "category" -> category;
            case "documentid" -> "id:article:article::" + id;
            case "sddocname" -> "article";
            default -> null;
        };
    }

    public int length() {
        return text.length();
    }
}
